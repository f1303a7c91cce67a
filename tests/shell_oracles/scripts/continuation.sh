docker run \
  --rm \
  -v /tmp:/tmp \
  alpine:3 \
  sh -c 'echo hi'
foo && \
  bar || \
  baz
long\
name arg
a |
  b |
  c
d &&
  e

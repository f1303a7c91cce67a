if true; then # why
  # only a comment
  echo a
fi # end
case $x in # subject
  # nothing yet
  a) # first
    echo b ;; # done
esac
{ # open
  echo c
} # close

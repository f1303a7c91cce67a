{ { a; b > c; } 2> d; e; } > f
{ for x in 1; do g; done < h; i; } 3> j

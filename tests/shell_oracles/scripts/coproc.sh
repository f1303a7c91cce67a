coproc a b
coproc { c; d; }
coproc NAME { e; }

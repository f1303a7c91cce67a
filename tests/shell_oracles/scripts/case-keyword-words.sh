case in in in) a;; esac
case esac in (esac) b;; esac
echo if then else fi case esac for do done while in { } !

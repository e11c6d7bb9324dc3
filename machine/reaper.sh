# Ends what a process has started, once that process is gone: its end of the pipe on standard input closes, however it ends.
# Lines in: "+target" and "-target", where a target is a process id, or with a minus sign the id of a process group.
kept=' '
while read -r line; do
  case $line in
    +*) kept="$kept${line#+} " ;;
    -*) case $kept in *" ${line#-} "*) kept="${kept%%" ${line#-} "*} ${kept#*" ${line#-} "}" ;; esac ;;
  esac
done
[ -z "${kept# }" ] && exit

any_left() {
  for each in $kept; do kill -s 0 -- "$each" && return; done
  return 1
}

kill -s TERM -- $kept
looks=20
while [ $looks -gt 0 ] && any_left; do
  sleep 0.1 || sleep 1
  looks=$((looks - 1))
done
kill -s KILL -- $kept

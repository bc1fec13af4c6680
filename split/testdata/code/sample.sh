#!/bin/bash
set -eu

NAME='a b'

# Prints help.
usage() {
  cat <<EOF
usage: it's { easy
stop() {
EOF
  echo "${#NAME} $# it's"
}

function main {
  case "$1" in
    -h) usage ;;
    *)
      if [ -n "$NAME" ]; then
        echo 'two
lines'
      fi
      ;;
  esac

  for x in "$@"; do
    echo "$x"
  done
}

main "$@"

# Helpers of the scripts in this folder: numbered steps, clear failures, installs on Debian.
step_number=0
steps_total=${steps_total:-0}

step() {
  step_number=$((step_number + 1))
  printf '\033[1m[%d/%d]\033[0m %s  (%ds)\n' "$step_number" "$steps_total" "$1" "$SECONDS"
}

fail() {
  printf '\033[31merror:\033[0m %s\n  what to do: %s\n' "$1" "$2" >&2
  exit 1
}

need_command() {
  command -v "$1" >/dev/null 2>&1 || fail "'$1' is not on the PATH" "$2"
}

need_node() {
  need_command node "install Node.js $1 or newer"
  need_command npm "install npm, which comes with Node.js"
  local major
  major=$(node -p 'process.versions.node.split(".")[0]')
  [ "$major" -ge "$1" ] || fail "Node.js $(node --version) is too old" "install Node.js $1 or newer"
}

# Runs a command with its output in a log; shows the log's end if it fails.
quietly() {
  local name=$1 log
  shift
  mkdir -p target/logs
  log=target/logs/$name.log
  if ! "$@" >"$log" 2>&1; then
    tail -n 60 "$log" >&2
    fail "'$*' failed" "read the lines above; the whole output is in $log"
  fi
}

# Installs a folder's npm packages when its lock file is newer than the last install.
npm_install() {
  local stamp=$1/node_modules/.installed
  if [ ! -f "$stamp" ] || [ "$1/package-lock.json" -nt "$stamp" ]; then
    quietly "$1-npm" npm --prefix "$1" ci --no-audit --no-fund
    touch "$stamp"
  fi
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo "$@"; else return 1; fi
}

# Installs Debian packages, or says exactly what is missing.
apt_install() {
  command -v apt-get >/dev/null || fail "missing: $*" "install these (Debian's package names) with your system's package manager"
  quietly apt-update as_root apt-get update
  quietly apt-install as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
}

need_chromium() {
  if [ -z "${CHROMIUM:-}" ] && ! command -v chromium >/dev/null; then
    apt_install chromium
  fi
  fc-list :lang=zh 2>/dev/null | grep -q . || apt_install fontconfig fonts-noto-cjk
}

need_openssl() {
  command -v openssl >/dev/null || apt_install openssl
}

need_mariadb() {
  local program
  for program in mariadbd mariadb-install-db openssl; do
    # Debian keeps servers where only root's PATH leads.
    if ! PATH=$PATH:/usr/sbin command -v "$program" >/dev/null; then
      apt_install mariadb-server-core mariadb-client-core openssl
      return
    fi
  done
}

need_postgres() {
  command -v postgres >/dev/null || ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || apt_install postgresql
}

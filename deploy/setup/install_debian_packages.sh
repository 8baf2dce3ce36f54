#!/bin/sh
# Install Debian packages as root, with the services that they bring switched off. Called by steps.sh, once, under sudo if need be.
#
# Debian's own slapd, PostgreSQL, nginx and Samba must not start: this product runs its own from var/, and a developer's machine
# should not listen on ports 389, 445, 5432 and 80 because of a test. A policy-rc.d that says no (exit 101) holds them back during the
# installation; those that were not there before are disabled afterwards, so that they do not start with the machine either.
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

policy=/usr/sbin/policy-rc.d
saved=
restore() {
    if [ -n "$saved" ]; then mv -f "$saved" "$policy"; else rm -f "$policy"; fi
}
if [ -e "$policy" ]; then
    saved=$policy.before-sign-on
    mv -f "$policy" "$saved"
fi
trap restore EXIT
trap 'exit 130' INT TERM HUP
printf '#!/bin/sh\nexit 101\n' >"$policy"
chmod 755 "$policy"

known() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q '^install ok installed'; }
for service in slapd nginx postgresql samba; do
    known "$service" || newcomers="${newcomers:-} $service"
done

apt() { apt-get -y -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold -o Acquire::Retries=3 "$@"; }
install() { apt install --no-install-recommends "$@"; }

unlisted=
for package in "$@"; do
    [ -n "$(apt-cache policy "$package" | sed -n 's/^  Candidate: \([^(].*\)/\1/p')" ] || unlisted=$package
done
if [ -n "$unlisted" ]; then
    echo "The package lists do not know $unlisted yet."
    apt update
    install "$@"
else
    # Old lists name versions that the mirror no longer has; then, and only then, fetch new ones.
    install "$@" || { apt update && install "$@"; }
fi

for service in ${newcomers:-}; do
    if known "$service" && command -v systemctl >/dev/null 2>&1; then
        case $service in samba) units="smbd nmbd samba-ad-dc winbind" ;; *) units=$service ;; esac
        for unit in $units; do systemctl disable --now "$unit" >/dev/null 2>&1 || true; done
    fi
done

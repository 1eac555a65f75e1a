#!/bin/bash
# make-certs.sh DIR: a CA and server certificates for the emulator, good and bad.
#   ca.pem            the authority to trust
#   server.pem/.key   good: 127.0.0.1, ::1, localhost and the two clouds' names
#   expired, not-yet, wrong-host, wrong-usage (client only), self-signed, other-ca (by another CA)
set -euo pipefail
dir=$1
mkdir -p "$dir"
cd "$dir"
names=IP:127.0.0.1,IP:::1,DNS:localhost,DNS:tione.tencentcloudapi.com,DNS:qianfan.baidubce.com

key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key" 2>/dev/null; }

ca() {
	key "$1"
	openssl req -x509 -new -key "$1.key" -sha256 -days 3650 -subj "/CN=describefs test $1" \
		-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign \
		-out "$1.pem" 2>/dev/null
	mkdir -p "$1.db"
	: >"$1.db/index"
	echo 1000 >"$1.db/serial"
}

# cert NAME CA SAN USAGE START END
cert() {
	key "$1"
	openssl req -new -key "$1.key" -subj "/CN=describefs test $1" -out "$1.csr" 2>/dev/null
	cat >"$1.cnf" <<-END
	[ca]
	default_ca = it
	[it]
	database = $2.db/index
	serial = $2.db/serial
	new_certs_dir = $2.db
	default_md = sha256
	policy = any
	unique_subject = no
	[any]
	commonName = supplied
	[ext]
	basicConstraints = critical,CA:FALSE
	keyUsage = critical,digitalSignature
	extendedKeyUsage = $4
	subjectAltName = $3
	END
	openssl ca -batch -notext -config "$1.cnf" -extensions ext -cert "$2.pem" \
		-keyfile "$2.key" -startdate "$5" -enddate "$6" -in "$1.csr" -out "$1.pem" 2>/dev/null
	rm -f "$1.csr" "$1.cnf"
}

day() { date -u -d "$1" +%Y%m%d%H%M%SZ; }

ca ca
ca other
cert server ca "$names" serverAuth "$(day '-1 day')" "$(day '+365 days')"
cert expired ca "$names" serverAuth "$(day '-30 days')" "$(day '-1 day')"
cert not-yet ca "$names" serverAuth "$(day '+1 day')" "$(day '+365 days')"
cert wrong-host ca DNS:elsewhere.example serverAuth "$(day '-1 day')" "$(day '+365 days')"
cert wrong-usage ca "$names" clientAuth "$(day '-1 day')" "$(day '+365 days')"
cert other-ca other "$names" serverAuth "$(day '-1 day')" "$(day '+365 days')"
key self-signed
openssl req -x509 -new -key self-signed.key -sha256 -days 365 -subj "/CN=localhost" \
	-addext "subjectAltName=$names" -out self-signed.pem 2>/dev/null
rm -rf ca.db other.db

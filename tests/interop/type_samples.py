# SPDX-License-Identifier: BSD-2-Clause
"""One or more samples of each record type's data: as a master file has it, and as octets. The
octets are those of dnspython, which knows nothing of ldns, or are written down here where it does
not know the type."""
import collections
import struct

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype

Sample = collections.namedtuple("Sample", "number mnemonic text octets")


def name(text):
    return dns.name.from_text(text).to_wire()


def string(text):
    return bytes([len(text)]) + text.encode()


def octets(text):
    return bytes.fromhex(text)


def like(kind):
    """The octets are those that another type has for the same text."""
    return lambda text: read(kind, text)


def read(kind, text):
    return dns.rdata.from_text(dns.rdataclass.IN, kind, text).to_wire()


# number, mnemonic, text, octets; None: dnspython reads it. In "\# …" they are the text itself.
ROWS = [
    (1, "A", "192.0.2.1", None),
    (2, "NS", "ns.example.net.", None),
    (3, "MD", "md.example.net.", like("NS")),
    (4, "MF", "mf.example.net.", like("NS")),
    (5, "CNAME", "cname.example.net.", None),
    (6, "SOA", "ns1.types.test. host.types.test. 1 3600 600 86400 60", None),
    (7, "MB", "mb.example.net.", like("NS")),
    (8, "MG", "mg.example.net.", like("NS")),
    (9, "MR", "mr.example.net.", like("NS")),
    (10, "NULL", r"\# 4 deadbeef", None),
    (11, "WKS", "192.0.2.1 6 25 80", octets("c0000201 06 00000040 000000000000 80")),
    (11, "WKS", "192.0.2.1 17 53", octets("c0000201 11 000000000000 04")),
    (12, "PTR", "ptr.example.net.", None),
    (13, "HINFO", '"PC" "Linux"', None),
    (14, "MINFO", "r.example.net. e.example.net.", like("RP")),
    (15, "MX", "10 mail.example.net.", None),
    (16, "TXT", '"first" "second text" ""', None),
    (16, "TXT", r'"a \"quoted\" ; (octet) \000\255"', None),
    (17, "RP", "mbox.example.net. txt.example.net.", None),
    (18, "AFSDB", "1 afs.example.net.", None),
    (19, "X25", '"311061700956"', None),
    (20, "ISDN", '"150862028003217" "004"', None),
    (20, "ISDN", '"150862028003217"', None),
    (21, "RT", "10 rt.example.net.", None),
    (22, "NSAP", "0x47000580005a0000000001e133ffffff00016100", None),
    (23, "NSAP-PTR", "nsap.example.net.", name("nsap.example.net.")),
    (24, "SIG", "A 5 3 3600 20300101000000 20200101000000 12345 example.net. AQIDBA==",
     like("RRSIG")),
    (25, "KEY", "256 3 5 AQIDBA==", like("DNSKEY")),
    (26, "PX", "10 map822.example.net. mapx400.example.net.", None),
    (27, "GPOS", '"-32.6882" "116.8652" "10.0"', None),
    (28, "AAAA", "2001:db8::1", None),
    (28, "AAAA", "::ffff:192.0.2.1", None),
    (29, "LOC", "42 21 54 N 71 06 18 W -24m 30m", None),
    (29, "LOC", "52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m", None),
    (30, "NXT", r"\# 16 0162076578616d706c65036e65740060", None),
    (31, "EID", "e32c6f78163a9348", octets("e32c6f78163a9348")),
    (32, "NIMLOC", "32251a030067", octets("32251a030067")),
    (33, "SRV", "0 5 5060 sip.example.net.", None),
    (34, "ATMA", "39246f000e7c9c0312000100000e7c9c0312000100",
     octets("00 39246f000e7c9c0312000100000e7c9c0312000100")),
    (34, "ATMA", "39.246f.00000e7c9c031200010000000e7c9c031200",
     octets("00 39246f00000e7c9c031200010000000e7c9c031200")),
    (34, "ATMA", "+61200000000", octets("01") + b"61200000000"),
    (35, "NAPTR", '100 50 "s" "z3950+I2L+I2C" "" _z3950._tcp.example.net.', None),
    (35, "NAPTR", r'100 10 "u" "E2U+sip" "!^.*$!sip:info@example.net!" .', None),
    (36, "KX", "10 kx.example.net.", None),
    (37, "CERT", "1 12345 8 AQIDBA==", None),
    (37, "CERT", "PKIX 12345 RSASHA256 AQIDBA==", None),
    (38, "A6", r"\# 17 0020010db8000000000000000000000001", None),
    (39, "DNAME", "dname.example.net.", None),
    (40, "SINK", r"\# 6 010000010203", octets("010000010203")),
    (42, "APL", "1:192.168.32.0/21 !1:192.168.38.0/28 2:2001:db8::/32", None),
    (42, "APL", r"\# 0", b""),
    (43, "DS", "60485 5 1 2bb183af5f22588179a53b0a98631fad1a292118", None),
    (44, "SSHFP", "4 2 a87f1b687ac0e57d2a081a2f282672334d90ed316d2b818ca9580ea384d92401", None),
    (45, "IPSECKEY", "10 0 2 . AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==", None),
    (45, "IPSECKEY", "10 1 2 192.0.2.38 AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==", None),
    (45, "IPSECKEY", "10 2 2 2001:db8::38 AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==", None),
    (45, "IPSECKEY", "10 3 2 gw.example.net. AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==",
     None),
    (49, "DHCID", "AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=", None),
    (52, "TLSA", "3 1 1 a87f1b687ac0e57d2a081a2f282672334d90ed316d2b818ca9580ea384d92401", None),
    (53, "SMIMEA", "3 0 1 a87f1b687ac0e57d2a081a2f282672334d90ed316d2b818ca9580ea384d92401", None),
    (55, "HIP", "2 200100107b1a74df365639cc39f1d578 AwEAAbdxyhNuSutc5EMzxTs9LBPCIkOFH8cI"
     " rvs1.example.net. rvs2.example.net.", None),
    (55, "HIP", "2 200100107b1a74df365639cc39f1d578 AwEAAbdxyhNuSutc5EMzxTs9LBPCIkOFH8cI", None),
    (58, "TALINK", "h0.example.net. h2.example.net.", like("RP")),
    (59, "CDS", "60485 5 1 2bb183af5f22588179a53b0a98631fad1a292118", None),
    (59, "CDS", "0 0 0 00", None),
    (60, "CDNSKEY", "256 3 5 AQIDBA==", None),
    (60, "CDNSKEY", "0 3 0 AA==", None),
    (61, "OPENPGPKEY", "AQIDBA==", None),
    (62, "CSYNC", "66 3 A NS AAAA", None),
    (63, "ZONEMD", "2018031900 1 1 c68090d90a7aed716bc459f9340e3d7c1370d4d24b7e2fc3a1ddc0b9a87153b9"
     "a9713b3c9ae5cc27777f98b8e730044c", None),
    (64, "SVCB", "0 svc.example.net.", None),
    (64, "SVCB", '16 foo.example.net. alpn="h2,h3-19" mandatory=alpn,ipv4hint ipv4hint=192.0.2.1',
     None),
    (65, "HTTPS", '1 . alpn="h2,h3" no-default-alpn port=8443 ipv6hint=2001:db8::1 key65333="ex1"',
     None),
    (99, "SPF", '"v=spf1 -all"', None),
    (104, "NID", "10 0014:4fff:ff20:ee64", None),
    (105, "L32", "10 10.1.2.0", None),
    (106, "L64", "10 2001:0db8:1140:1000", None),
    (107, "LP", "10 l64-subnet1.example.net.", None),
    (108, "EUI48", "00-00-5e-00-53-2a", None),
    (109, "EUI64", "00-00-5e-ef-10-00-00-2a", None),
    (256, "URI", '10 1 "ftp://ftp1.example.net/public"', None),
    (257, "CAA", '0 issue "ca.example.net; account=230123"', None),
    (32769, "DLV", "60485 5 1 2bb183af5f22588179a53b0a98631fad1a292118", like("DS")),
    (65280, "TYPE65280", r"\# 3 0102ff", None),
    (65281, "TYPE65281", r"\# 0", None),
]
# They make a zone a signed one: those of a zone that the daemon signs are the samples.
OF_SIGNED_ZONES = {46: "RRSIG", 47: "NSEC", 48: "DNSKEY", 50: "NSEC3", 51: "NSEC3PARAM"}
# No data (RFC 6895 section 3.1): refused in every form.
META = {41: "OPT", 249: "TKEY", 250: "TSIG", 251: "IXFR", 252: "AXFR", 253: "MAILB", 254: "MAILA",
        255: "ANY"}


def make(number, mnemonic, text, wire):
    if wire is None:
        wire = read(mnemonic, text)
    return Sample(number, mnemonic, text, wire(text) if callable(wire) else wire)


SAMPLES = [make(*row) for row in ROWS]


def generic(wire):
    """RFC 3597 section 5."""
    return rf"\# {len(wire)} {wire.hex()}".rstrip()


def rdata_of(wire, kind):
    """The data of this type's records in the answer and authority of a message, sorted; names in it
    are made whole, so that compression does not matter."""
    _, _, questions, answers, authority, _ = struct.unpack_from("!6H", wire)
    at, found = 12, []
    for _ in range(questions):
        at = skip_name(wire, at) + 4
    for _ in range(answers + authority):
        at = skip_name(wire, at)
        this, _, _, size = struct.unpack_from("!HHIH", wire, at)
        at += 10
        if this == kind:
            found.append(whole(wire, kind, at, size))
        at += size
    return sorted(found)


def skip_name(wire, at):
    while wire[at] not in (0,) and wire[at] < 0xC0:
        at += wire[at] + 1
    return at + (1 if wire[at] == 0 else 2)


# Octets before the names, and how many: all that may be compressed (RFC 3597 section 4).
COMPRESSED = {2: (0, 1), 3: (0, 1), 4: (0, 1), 5: (0, 1), 6: (0, 2), 7: (0, 1), 8: (0, 1),
              9: (0, 1), 12: (0, 1), 14: (0, 2), 15: (2, 1), 17: (0, 2), 18: (2, 1), 21: (2, 1), 26: (2, 2),
              33: (6, 1), 36: (2, 1), 39: (0, 1)}


def whole(wire, kind, at, size):
    end = at + size
    skip, names = COMPRESSED.get(kind) or (0, 0)
    data = wire[at:at + skip]
    at += skip
    for _ in range(names):
        read_name, used = dns.name.from_wire(wire, at)
        data += read_name.to_wire()
        at += used
    return data + wire[at:end]

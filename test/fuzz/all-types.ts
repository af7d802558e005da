// One record of every type that NSD, Knot and BIND read in text form, and of some that none of them knows.
import { TEXT_TYPES } from '../../src/dns/rdata/rdata.ts'

/** Type and rdata, as behind an owner. Types that stand alone at their owner (CNAME, DNAME, SOA) are not here. */
export const ALL_TYPES: readonly string[] = [
  'A 192.0.2.1',
  'NULL \\# 3 616263',
  'PTR host.example.com.',
  'HINFO "VAX-11/780" UNIX',
  'MX 10 mail',
  'TXT "first" second "with \\"quotes\\" and \\200"',
  'RP admin.example.com. text.example.com.',
  'AFSDB 1 db.example.com.',
  'X25 "311061700956"',
  'ISDN "150862028003217" "004"',
  'RT 10 relay.example.com.',
  'NSAP 0x47.0005.80.005a00.0000.0001.e133.ffffff000161.00',
  'KEY 256 3 8 AwEAAag=',
  'PX 10 map822.example. mapx400.example.',
  'AAAA 2001:db8::1',
  'LOC 52 22 23.000 N 4 53 32.000 E -2.00m 1m 10000m 10m',
  'SRV 0 5 5060 sip.example.com.',
  'NAPTR 100 10 "U" "E2U+sip" "!^.*$!sip:info@example.com!" .',
  'KX 10 kx.example.com.',
  'CERT PKIX 12345 8 AwEAAag=',
  'APL 1:192.168.32.0/21 !1:192.168.38.0/28 2:ff00::/8',
  'SSHFP 4 2 123456789abcdef67890123456789abcdef67890123456789abcdef123456789',
  'IPSECKEY 10 1 2 192.0.2.38 AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==',
  'RRSIG A 8 2 3600 20300101000000 20200101000000 12345 example.com. AwEAAag=',
  'NSEC host.example.com. A MX RRSIG NSEC TYPE1234',
  'DNSKEY 257 3 13 mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L53eKGQ==',
  'DHCID AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=',
  'NSEC3 1 0 10 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr A RRSIG',
  'NSEC3PARAM 1 0 10 AABBCCDD',
  'TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef',
  'SMIMEA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef',
  'CDS 12345 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef',
  'CDNSKEY 257 3 13 AwEAAag=',
  'OPENPGPKEY AwEAAag=',
  'CSYNC 66 3 A NS AAAA',
  'ZONEMD 2018031900 1 1 c68090d90a7aed716bc459f9340e3d7c1370d4d24b7e2fc3a1ddc0b9a87153b9a9713b3c9ae5cc27777f98b8e730044c',
  'SVCB 1 svc.example.com. alpn="h2,h3" port=8443 ipv4hint=192.0.2.1 ipv6hint=2001:db8::1 mandatory=alpn key667="x"',
  'HTTPS 0 alias.example.com.',
  'SPF "v=spf1 -all"',
  'NID 10 0014:4fff:ff20:ee64',
  'L32 10 10.1.2.0',
  'L64 10 2001:0db8:1140:1000',
  'LP 10 l64.example.com.',
  'EUI48 00-00-5e-00-53-2a',
  'EUI64 00-00-5e-ef-10-00-00-2a',
  'URI 10 1 "ftp://ftp1.example.com/public"',
  'CAA 0 issue "ca.example.net; policy=ev"',
  'AVC "app-name:WOLFGANG"',
  'DLV 12345 13 1 0123456789abcdef0123456789abcdef01234567',
  'TYPE65280 \\# 4 0a000001',
  'TYPE65281 \\# 0',
]

/** Those that we read, too; which ones we should read is the differential test's business. */
export const READ_TYPES = ALL_TYPES.filter(isRead)
export const UNREAD_TYPES = ALL_TYPES.filter((record) => !isRead(record))

function isRead(record: string): boolean {
  const type = record.slice(0, record.indexOf(' '))
  return TEXT_TYPES.includes(type) || type.startsWith('TYPE')
}

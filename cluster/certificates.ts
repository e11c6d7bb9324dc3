import 'reflect-metadata'
import { isIP } from 'node:net'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'

/** A certificate and its private key, as PEM. */
export type KeyPair = { cert: string; key: string }

const { subtle } = crypto
const curve = { name: 'ECDSA', namedCurve: 'P-256' }
const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' }
const day = 24 * 3600_000
/** Valid from a day ago on: clocks of hosts differ. */
const since = () => new Date(Date.now() - day)
const inDays = (days: number) => new Date(Date.now() + days * day)
const generate = () => subtle.generateKey(curve, true, ['sign', 'verify'])
const keyText = async (key: CryptoKey) => PemConverter.encode(await subtle.exportKey('pkcs8', key), 'PRIVATE KEY')

const authorityDays = 3650
/** Longer than any client of today refuses; `cluster check` warns a month before. */
const certificateDays = 820

/** A new authority that signs certificates of hosts and nothing below them. */
export async function makeAuthority(name: string): Promise<KeyPair> {
  const keys = await generate()
  const cert = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    notBefore: since(),
    notAfter: inDays(authorityDays),
    keys,
    signingAlgorithm,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return { cert: cert.toString('pem'), key: await keyText(keys.privateKey) }
}

/** A certificate for a host's addresses: to servers and clients it is a server, to other servers a client as well. */
export async function issueCertificate(
  authority: KeyPair,
  { name, addresses, days = certificateDays }: { name: string; addresses: readonly string[]; days?: number },
): Promise<KeyPair> {
  const issuer = new X509Certificate(authority.cert)
  const signingKey = await subtle.importKey('pkcs8', PemConverter.decode(authority.key)[0]!, curve, false, ['sign'])
  const keys = await generate()
  const names = addresses.map((value) => ({ type: isIP(value) ? ('ip' as const) : ('dns' as const), value }))
  const extensions: Extension[] = [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
    new SubjectAlternativeNameExtension(names),
    await SubjectKeyIdentifierExtension.create(keys.publicKey),
    await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
  ]
  const cert = await X509CertificateGenerator.create({
    subject: `CN=${name}`,
    issuer: issuer.subject,
    notBefore: days > 0 ? since() : inDays(days - 1),
    notAfter: inDays(days),
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm,
    extensions,
  })
  return { cert: cert.toString('pem'), key: await keyText(keys.privateKey) }
}

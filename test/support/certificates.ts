import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A certificate with its key, as the paths of PEM files. */
export type Certificate = { cert: string; key: string }

type Wanted = {
  /** What it is for, as `subjectAltName` has it: "IP:127.0.0.1,DNS:localhost". */
  names?: string
  /** Left out: it signs itself, as an authority. */
  by?: Certificate
  /** Whether it was valid yesterday alone. */
  hasExpired?: boolean
}

/** Makes a certificate in a folder, with openssl. */
export function makeCertificate(folder: string, name: string, { names, by, hasExpired }: Wanted = {}): Certificate {
  const path = (end: string) => join(folder, `${name}.${end}`)
  const [cert, key, request, extensions] = [path('pem'), path('key'), path('csr'), path('ext')]
  const openssl = (...words: string[]) => void execFileSync('openssl', words, { stdio: 'pipe' })
  const subject = ['-subj', `/CN=${name}`, '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  if (!by) {
    openssl('req', '-x509', ...subject, '-keyout', key, '-out', cert, '-days', '2')
    return { cert, key }
  }
  writeFileSync(extensions, names ? `subjectAltName=${names}\n` : 'basicConstraints=CA:FALSE\n')
  openssl('req', ...subject, '-keyout', key, '-out', request)
  const signing = ['-CA', by.cert, '-CAkey', by.key, '-CAcreateserial', '-extfile', extensions]
  openssl('x509', '-req', '-in', request, ...signing, '-out', cert, '-days', hasExpired ? '-1' : '2')
  return { cert, key }
}

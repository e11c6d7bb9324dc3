import { Round } from '../../../schemas/messages/generation.ts'
import { bundleFiles, itemTables, journalBuckets, namesOf } from '../manifest.ts'
import { JournalLine, namesOthers, RoundLine, refsIn } from '../records.ts'
import type { BundleEvidence, Check } from './check.ts'

/** Files that every bundle has, empty ones too. */
const always = [
  bundleFiles.log,
  bundleFiles.rounds,
  bundleFiles.versions,
  bundleFiles.report,
  ...journalBuckets.map((bucket) => bundleFiles.journal(bucket)),
]
const sometimes = [...itemTables.map((evalSet) => bundleFiles.items(evalSet)), /^prompts\/[\w-]+\.md$/] as const

/** Every file against the manifest, every object against its name, which is its hash, and that nothing is there which nothing names. */
export const filesCheck: Check = {
  name: 'files',
  what: 'the SHA-256 of every file, and what each is there for',
  async run(evidence, ledger) {
    const { files, manifest } = evidence.bundle
    for (const path of new Set([...Object.keys(manifest.files), ...files.keys()])) {
      if (path !== bundleFiles.manifest) ledger.same(path, manifest.files[path] ?? null, files.get(path) ?? null)
    }
    for (const path of always) ledger.same(`${path}: is there`, files.has(path), true)
    const named = await objectsNamed(evidence)
    for (const [path, { sha256 }] of files) {
      const [, object] = /^objects\/(.+)$/.exec(path) ?? []
      if (object) ledger.same(`${path}: its name`, object, sha256)
      const isKnown = object ? named.has(object) : path === bundleFiles.manifest || isPartOfBundle(path)
      ledger.same(`${path}: something names it`, isKnown, true)
    }
    const gone = new Set(manifest.missing.map(({ sha256 }) => sha256))
    for (const sha256 of named) {
      const path = bundleFiles.object(sha256)
      if (!gone.has(sha256)) ledger.same(`${path}: named, so it is there`, files.has(path), true)
    }
    for (const { sha256 } of manifest.missing) {
      const place = `${bundleFiles.manifest}: missing ${sha256}`
      ledger.same(
        place,
        { named: named.has(sha256), there: files.has(bundleFiles.object(sha256)) },
        { named: true, there: false },
      )
    }
    ledger.same(`${bundleFiles.manifest}: names`, manifest.names, namesOf(evidence.facts))
  },
}

const isPartOfBundle = (path: string): boolean =>
  always.includes(path) || sometimes.some((known) => (typeof known === 'string' ? known === path : known.test(path)))

/** SHA-256 of every object that the log, the rounds or the journals name. */
async function objectsNamed({ bundle, entries }: BundleEvidence): Promise<ReadonlySet<string>> {
  const named = new Set<string>()
  const rounds = new Set<string>()
  const note = (value: unknown) => {
    for (const { ref } of refsIn(value)) {
      named.add(ref.sha256)
      if (namesOthers(ref)) rounds.add(bundleFiles.object(ref.sha256))
    }
  }
  for (const entry of entries) note(entry)
  for (const file of rounds) if (bundle.files.has(file)) note(await bundle.json(file, Round))
  for await (const line of bundle.lines(bundleFiles.rounds, RoundLine)) note(line)
  for (const bucket of journalBuckets) {
    for await (const line of bundle.lines(bundleFiles.journal(bucket), JournalLine)) note(line)
  }
  return named
}

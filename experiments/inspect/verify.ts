import { z } from 'zod'
import { bundleFiles } from '../../evidence/bundle/manifest.ts'
import { type Bundle, openBundle } from '../../evidence/bundle/read.ts'
import { type VerifyResult, verifyBundle } from '../../evidence/bundle/verify.ts'
import { versions } from '../../evidence/report/versions.ts'
import { exitCodes } from '../../launcher/console/exit-codes.ts'
import { maxBundledDepth, parseJson } from '../../schemas/bounded-json.ts'
import { numberText, plural } from '../../schemas/number-text.ts'
import { printableJson } from '../../schemas/printable.ts'
import { shorten } from '../../schemas/text.ts'
import { UsageError, UserError } from '../../schemas/user-error.ts'
import { maxDataBytes, readRegular, utf8TextOf } from '../../tasks/files/regular-file.ts'
import { loadTask } from '../../tasks/load.ts'

export type VerifyRequest = {
  expect?: string
  task?: string
  report?: string
  deep: boolean
  maxBytes?: number
  json: boolean
}

/**
 * Computes every number of a bundle's report again, prints where they differ, and gives the exit code.
 * @throws UsageError for a file that is no bundle, or a report that cannot be read
 */
export async function verify(
  file: string,
  named: string | undefined,
  { expect, task: former, report, deep, maxBytes, json }: VerifyRequest,
): Promise<number> {
  const path = former ?? named
  await using bundle = await openBundle(file, maxBytes)
  const task = path === undefined ? null : await loadTask(path)
  const published = report === undefined ? null : { file: report, report: await readReport(report) }
  let isSame = expect === undefined || expect === bundle.hash
  let unchecked = 0
  let isOwnCode = true
  const { hash, manifest } = bundle
  const notVerifiable = expect === undefined ? notInAnyBundle : []
  if (json) console.log(printableJson({ bundle: file, hash, runId: manifest.runId, expect, notVerifiable }))
  else {
    console.log(`run ${manifest.runId}, bundle hash ${hash}`)
    isOwnCode = await printVersions(bundle)
    if (!isSame) console.log(`DIFFERS   bundle hash: expected ${expect}`)
  }
  for await (const result of verifyBundle(bundle, { task, published, deep })) {
    isSame &&= result.differences.length === 0
    unchecked += result.unchecked.length
    if (json) console.log(printableJson(result))
    else for (const line of linesOf(result)) console.log(line)
  }
  if (!json) {
    console.log(isSame ? nothingDiffers(unchecked) : doesNotHold(isOwnCode))
    if (notVerifiable.length > 0)
      console.log(
        `As the run recorded it, unless you give its published hash with --expect: ${notVerifiable.join('; ')}.`,
      )
  }
  return isSame ? exitCodes.ok : exitCodes.failure
}

/** What somebody who writes a whole bundle anew can choose: nothing in it follows from anything else. */
const notInAnyBundle = [
  'that the run took place, and that nothing else was tried before it',
  'what the student answered in the test, the audit and the retention set',
  'its replies to validation, adapters, losses and times',
  'what models replied, prices, versions, the sealing, and how many final evaluations of the test there were',
]

const doesNotHold = (isOwnCode: boolean): string =>
  isOwnCode
    ? 'This bundle does not hold together.'
    : 'This bundle does not hold together by this code; it was made by another, which may decide and report otherwise: verify it with that one.'

function nothingDiffers(unchecked: number): string {
  if (unchecked === 0) return 'Nothing differs.'
  return `Nothing differs in what was checked; ${unchecked} ${plural(unchecked, 'thing')} could not be.`
}

async function readReport(file: string): Promise<unknown> {
  try {
    return parseJson(utf8TextOf(await readRegular(file, maxDataBytes()), file), { maxDepth: maxBundledDepth })
  } catch (error) {
    const why = error instanceof UserError ? error.what : (error as Error).message
    throw new UsageError(
      `The report ${file} cannot be read: ${why}.`,
      'Give --report a report.json that "run" or "report" wrote.',
    )
  }
}

/** Another version may decide and report other things, and draw other numbers from the same seed. Whether it was made by this code. */
async function printVersions(bundle: Bundle): Promise<boolean> {
  const made = await bundle.json(bundleFiles.versions, z.record(z.string(), z.string()))
  const here = await versions()
  for (const name of ['syllabus', 'code', 'node']) {
    const recorded = made[name] ?? 'of before it was said'
    if (recorded !== here[name]) console.log(`made with ${name} ${recorded}, verified with ${here[name]}`)
  }
  return made.code === here.code
}

/** Differences of one check that are printed; `--json` has all. */
const shown = 20
const shownChars = 120

function linesOf({ check, what, compared, differences, unchecked }: VerifyResult): string[] {
  const word = differences.length > 0 ? 'DIFFERS' : compared > 0 ? 'OK' : '–'
  const counted = compared > 0 ? `${numberText(compared)} compared` : 'nothing to compare'
  const text = (value: unknown) => shorten(JSON.stringify(value), shownChars)
  return [
    `${word.padEnd(8)}  ${check}: ${what} (${counted})`,
    ...differences
      .slice(0, shown)
      .map(
        ({ place, recorded, recomputed }) =>
          `          ${place}: said ${text(recorded)}, recomputed ${text(recomputed)}`,
      ),
    ...(differences.length > shown ? [`          and ${differences.length - shown} more`] : []),
    ...unchecked.map((why) => `          not checked: ${why}`),
  ]
}

import { buildContaminationIndex, openContaminationIndex } from '../../agents/kit/dedup/contamination.ts'
import { createDuplicateIndex } from '../../agents/kit/dedup/duplicate-index.ts'
import { usualFilters } from '../../schemas/program.ts'
import { createDice, longProblem, shortProblem, shortText } from '../support/planted-problems.ts'
import { contaminationRates, duplicateRates, type Shares } from '../support/planted-rates.ts'

/**
 * What the checks find of planted copies and keep of look-alikes, then their rows a second of processor time (of all threads) at
 * growing sizes: `npm run bench:checks -- [rows, default 1000000]`. Only the checks are timed, not the making of the rows.
 */
const total = Number(process.argv[2] ?? 1_000_000)
const CHUNK = 10_000
const { contaminationShare } = usualFilters
const key = new Uint8Array(32).fill(1)
const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0)

const percent = (shares: Shares) =>
  Object.entries(shares)
    .map(([kind, share]) => `${kind} ${(100 * share).toFixed(1)} %`)
    .join(', ')

for (const [name, count, make] of [
  ['20 to 45 words', 2_000, shortProblem],
  ['300 words', 200, (dice: ReturnType<typeof createDice>) => longProblem(dice, 300)],
] as const) {
  const dice = createDice(2026)
  const problems = Array.from({ length: count }, () => make(dice))
  const leaks = contaminationRates(problems, 'leaks', { key, share: contaminationShare })
  const others = contaminationRates(problems, 'lookAlikes', { key, share: contaminationShare })
  console.log(
    `contamination, ${count} items of ${name}, share ${contaminationShare}: leaks found: ${percent(leaks.shares)}`,
  )
  console.log(`  look-alikes refused: ${percent(others.shares)}; ${others.templateOverlap} kept as template overlap`)
  for (const jaccard of [0.6, 0.7, 0.8, 0.9]) {
    console.log(`duplicates, jaccard ${jaccard}: flagged: ${percent(duplicateRates(problems, jaccard, createDice(7)))}`)
  }
}

function timeRows(
  check: (text: string, row: number) => void,
  report: (rows: number, rate: number, last: number) => void,
) {
  const dice = createDice(7)
  let spentMs = 0
  for (let row = 0, mark = CHUNK; row < total; ) {
    const texts = Array.from({ length: Math.min(CHUNK, total - row) }, () => shortText(dice))
    const start = process.cpuUsage()
    for (const text of texts) check(text, row++)
    const took = process.cpuUsage(start)
    const tookMs = (took.user + took.system) / 1_000
    spentMs += tookMs
    if (row >= mark || row === total) {
      report(row, Math.round((1000 * row) / spentMs), Math.round((1000 * texts.length) / tookMs))
      mark *= 10
    }
  }
}

const duplicates = createDuplicateIndex({ jaccard: 0.7 })
let repeated = 0
timeRows(
  (text, row) => {
    if (duplicates.find(text)) repeated++
    else duplicates.add(`a1.r1.bench.${row}.0`, text)
  },
  (rows, rate, last) =>
    console.log(
      `duplicates: ${rows} rows, ${rate} rows/s (last ${CHUNK}: ${last}), ${repeated} repeated, ` +
        `${megabytes(duplicates.bytes())} MB, ${Math.round(duplicates.bytes() / duplicates.size)} bytes a row kept`,
    ),
)

const dice = createDice(99)
const items = Array.from({ length: 1_000 }, (_, i) => ({
  id: `i${i}`,
  split: i % 4 === 0 ? ('validation' as const) : ('sealed' as const),
  text: shortText(dice),
}))
const published = buildContaminationIndex(items, key)
const contamination = openContaminationIndex(published, key, { share: contaminationShare })
let hits = 0
timeRows(
  (text) => {
    if (contamination.check({ text })) hits++
  },
  (rows, rate, last) =>
    console.log(
      `contamination: ${rows} rows against ${items.length} items (${published.length} bytes), ${rate} rows/s ` +
        `(last ${CHUNK}: ${last}), ${hits} hits, ${contamination.templateOverlap} look-alikes kept`,
    ),
)

import type { TrivialBaseline } from '../../contrasts.ts'
import type { ReportData, SealedResults } from '../../report-data.ts'
import {
  adjustedText,
  armName,
  differenceName,
  gainNote,
  intervalNote,
  primaryText,
  testsText,
} from '../../text/contrasts.ts'
import { gainText, itemsText, numberText, percent, percentNumber, points, rangeText } from '../../text/format.ts'
import { labelOf } from '../../text/names.ts'
import {
  repliesAbsent,
  replyHead,
  replyLines,
  replyNote,
  trivialDifferenceName,
  trivialName,
  trivialText,
} from '../../text/replies.ts'
import { skillNote } from '../../text/skills.ts'
import { markdownTable, escapeMarkdown as text } from '../escape.ts'

/** The arms over their seeds, the primary comparison, and the others. */
export function armsSection(data: ReportData & { sealed: SealedResults }): string[] {
  const { sealed, task } = data
  const { contrasts } = sealed
  const { arm, against, mode, seedIndex } = contrasts.primary
  const primary = task?.primary ?? 'strict'
  const secondary = adjustedText(contrasts)
  const tests = contrasts.comparisons.flatMap((comparison) => {
    const difference = comparison.parts[contrasts.primary.part]?.[mode]
    return difference
      ? [[differenceName(comparison), ...counts(difference), testsText(difference, contrasts).join('; ')]]
      : []
  })
  return [
    '### Arms',
    `**${text(primaryText(sealed))}**`,
    ...(secondary ? [text(secondary)] : []),
    ...([primary, primary === 'strict' ? 'lenient' : 'strict'] as const).flatMap((scoring) => [
      meansTable(sealed, scoring, scoring === primary),
      differencesTable(sealed, scoring),
    ]),
    ...(tests.length > 0
      ? [
          markdownTable(
            [`On ${labelOf(contrasts.primary.part)}, ${mode}, seed ${seedIndex}`, 'Won', 'Lost', 'Tests'],
            tests,
          ),
        ]
      : []),
    ...(contrasts.trivial
      ? ['### What the arms replied', markdownTable([...replyHead], replyLines(contrasts.replies)), text(replyNote)]
      : [text(repliesAbsent)]),
    text(gainNote),
    text(intervalNote(data)),
    ...(contrasts.skills.length > 0
      ? [
          markdownTable(
            ['Skill', 'Asked', `${differenceName({ of: arm, to: against })}, points, ${mode}, all parts`],
            contrasts.skills.map(({ skill, value, interval, ...asked }) => [
              skill,
              itemsText(asked),
              points(value) + rangeText(interval, points),
            ]),
          ),
          text(skillNote(contrasts.skills)!),
        ]
      : []),
  ]
}

const counts = ({ gained, lost }: { gained: number; lost: number }) => [numberText(gained), numberText(lost)]

function meansTable({ contrasts, parts }: SealedResults, mode: 'strict' | 'lenient', isPrimary: boolean): string {
  return markdownTable(
    [
      `Arm, ${mode}${isPrimary ? ' (primary)' : ''}`,
      'Rows',
      ...parts.map(
        (part) => `${labelOf(part)}, ${itemsText(contrasts.arms[0]?.parts[part]?.strict ?? { items: 0, groups: 0 })}`,
      ),
    ],
    [
      ...(contrasts.trivial
        ? [[trivialName, numberText(null), ...parts.map((part) => shareText(contrasts.trivial?.[part]?.[mode]))]]
        : []),
      ...contrasts.arms.map((result) => [
        armName(result),
        numberText(result.rows),
        ...parts.map((part) => {
          const mean = result.parts[part]?.[mode]
          if (!mean) return percent(null)
          const seeds = mean.perSeed.length > 1 ? `; seeds ${mean.perSeed.map(percentNumber).join(', ')}` : ''
          return percent(mean.value) + rangeText(mean.interval, percentNumber) + seeds
        }),
      ]),
    ],
  )
}

const shareText = (trivial: TrivialBaseline | undefined): string =>
  trivial ? `${percent(trivial.value)}: ${trivialText(trivial)}` : percent(null)

function differencesTable({ contrasts, parts }: SealedResults, mode: 'strict' | 'lenient'): string {
  const gain = contrasts.arms.find(({ arm }) => arm === 'final')?.gains ?? {}
  return markdownTable(
    [`Difference, points, ${mode}`, ...parts.map(labelOf)],
    [
      ...(contrasts.trivial
        ? [
            [
              trivialDifferenceName,
              ...parts.map((part) => {
                const difference = contrasts.trivial?.[part]?.[mode].difference
                return points(difference?.value ?? null) + rangeText(difference?.interval ?? null, points)
              }),
            ],
          ]
        : []),
      ...contrasts.comparisons.map((comparison) => [
        differenceName(comparison),
        ...parts.map((part) => {
          const difference = comparison.parts[part]?.[mode]
          return points(difference?.value ?? null) + rangeText(difference?.interval ?? null, points)
        }),
      ]),
      ['Gain over base', ...parts.map((part) => gainText(gain[part]?.[mode] ?? null))],
    ],
  )
}

import type { SealedResults } from '../../report-data.ts'
import { itemsText, points, rangeText } from '../../text/format.ts'
import { retentionAbsent, retentionLines, retentionNote, retentionSentence } from '../../text/retention.ts'
import { skillNote } from '../../text/skills.ts'
import { markdownTable, escapeMarkdown as text } from '../escape.ts'

/** What the student knew outside the task, before and after its training. */
export function retentionSection({ retention: facts }: SealedResults): string[] {
  if (!facts) return ['### Retention', text(retentionAbsent)]
  return [
    '### Retention: what it knew before',
    `**${text(retentionSentence(facts))}**`,
    markdownTable(['Arm', 'Share right', 'Change from the base', 'Verdict'], retentionLines(facts)),
    text(retentionNote(facts)),
    ...(facts.skills.length > 0
      ? [
          markdownTable(
            ['Kind of question', 'Asked', 'Final − base, points'],
            facts.skills.map(({ skill, value, interval, ...asked }) => [
              skill,
              itemsText(asked),
              points(value) + rangeText(interval, points),
            ]),
          ),
          text(skillNote(facts.skills)!),
        ]
      : []),
  ]
}

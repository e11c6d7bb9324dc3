import { html, type Markup } from '../../markup.ts'
import { skillDifferences } from '../../plots/skill-differences.ts'
import type { SealedResults } from '../../report-data.ts'
import { differenceName } from '../../text/contrasts.ts'
import { retentionAbsent, retentionLines, retentionNote, retentionSentence } from '../../text/retention.ts'
import { skillNote } from '../../text/skills.ts'
import { absent, type Cell, figure, table } from '../parts.ts'

/** What the student knew outside the task, before and after its training. */
export function retention({ retention: facts }: SealedResults): Markup {
  if (!facts) return html`<h3>Retention</h3>${absent(retentionAbsent)}`
  const number = (text: string): Cell => ({ text, kind: 'number' })
  const difference = differenceName({ of: 'final', to: 'base' })
  return html`<h3>Retention: what it knew before</h3>
<p><b>${retentionSentence(facts)}</b></p>
${table({
  head: [{ text: 'Arm' }, number('Share right'), number('Change from the base'), { text: 'Verdict' }],
  rows: retentionLines(facts).map(([arm, share, change, verdict]) => ({
    cells: [{ text: arm }, number(share), number(change), { text: verdict }],
  })),
})}
<p class="note">${retentionNote(facts)}</p>
${figure(skillDifferences(facts.skills, difference), `${difference} by kind of question, in points, with 95 % intervals. ${skillNote(facts.skills)}`)}`
}

import type { ReportData } from '../report-data.ts'
import { headlinesOf } from '../text/conclusion.ts'
import { duration, numberText, timeText } from '../text/format.ts'
import { statusText } from '../text/words.ts'
import { escapeMarkdown as text } from './escape.ts'
import { evidenceSection } from './sections/evidence.ts'
import { provenanceSection } from './sections/provenance.ts'
import { resourcesSection } from './sections/resources.ts'
import { resultSection } from './sections/result.ts'
import { rowsSection } from './sections/rows.ts'
import { searchSection } from './sections/search.ts'

/** The report as Markdown, for a terminal or a code host; the same numbers as the HTML, without its drawings. */
export function renderMarkdown(data: ReportData): string {
  const { run, task, conclusion, models, sealing } = data
  return `${[
    `# ${text(task?.title ?? 'Unknown task')}: run ${text(run.runId ?? 'unknown')}`,
    `Started ${timeText(run.startedAt)} · wall time ${duration(data.time.wallSeconds)} · ${text(statusText(data))} · ${numberText(run.messages)} messages`,
    headlinesOf(data)
      .map(
        ({ tag, tone, sentence }) =>
          `- ${text(capital(tag))}. ${tone === 'shown' ? `**${text(sentence)}**` : text(sentence)}`,
      )
      .join('\n'),
    [
      `- **${text(models.sentence)}**`,
      `- ${text(sealing.sentence)}`,
      ...conclusion.caveats.map((caveat) => `- ${text(caveat)}`),
    ].join('\n'),
    ...resultSection(data),
    ...evidenceSection(data),
    ...searchSection(data),
    ...resourcesSection(data),
    ...rowsSection(data),
    ...provenanceSection(data),
    'Every number here is in `report.json` beside this file.',
  ].join('\n\n')}\n`
}

const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1)

import type { Row } from '../../schemas/row.ts'
import { userTurn } from '../../schemas/task.ts'
import type { ExportFormat } from './formats.ts'

/** What one exported row holds, by column. */
export type ExportedRow = Readonly<Record<string, unknown>>

export type Layout = {
  file: string
  /** One JSON array, one JSON value a line, or Parquet, whose columns are texts. */
  shape: 'array' | 'lines' | 'parquet'
  write: (row: Row) => ExportedRow
  /** The entry of LLaMA-Factory's `dataset_info.json`, without the file's name. */
  datasetInfo: { columns: Readonly<Record<string, string>>; [key: string]: unknown }
}

const alpacaRow = ({ instruction, input, output }: Row) => ({ instruction, input, output })
const alpacaColumns = { prompt: 'instruction', query: 'input', response: 'output' }

export const layouts: Readonly<Record<ExportFormat, Layout>> = {
  alpaca: {
    file: 'alpaca.json',
    shape: 'array',
    write: alpacaRow,
    datasetInfo: { columns: alpacaColumns },
  },
  openai: {
    file: 'openai.jsonl',
    shape: 'lines',
    write: (row) => ({
      messages: [
        { role: 'user', content: userTurn(row) },
        { role: 'assistant', content: row.output },
      ],
    }),
    datasetInfo: {
      formatting: 'sharegpt',
      columns: { messages: 'messages' },
      tags: { role_tag: 'role', content_tag: 'content', user_tag: 'user', assistant_tag: 'assistant' },
    },
  },
  sharegpt: {
    file: 'sharegpt.json',
    shape: 'array',
    write: (row) => ({
      conversations: [
        { from: 'human', value: userTurn(row) },
        { from: 'gpt', value: row.output },
      ],
    }),
    datasetInfo: { formatting: 'sharegpt', columns: { messages: 'conversations' } },
  },
  'prompt-completion': {
    file: 'prompt-completion.jsonl',
    shape: 'lines',
    write: (row) => ({ prompt: userTurn(row), completion: row.output }),
    datasetInfo: { columns: { prompt: 'prompt', response: 'completion' } },
  },
  parquet: {
    file: 'train.parquet',
    shape: 'parquet',
    write: alpacaRow,
    datasetInfo: { columns: alpacaColumns },
  },
  jsonl: {
    file: 'rows.jsonl',
    shape: 'lines',
    write: (row) => row,
    datasetInfo: { columns: alpacaColumns },
  },
}

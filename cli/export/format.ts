import type { Row } from '../../schemas/row.ts'
import { userTurn } from '../../schemas/task.ts'

/** The formats that rows can be exported in. */
export const exportFormats = ['alpaca', 'openai', 'sharegpt', 'prompt-completion', 'jsonl'] as const
export type ExportFormat = (typeof exportFormats)[number]

type Layout = {
  file: string
  /** One JSON array, or one JSON value a line. */
  shape: 'array' | 'lines'
  write: (row: Row) => unknown
  /** The entry of LLaMA-Factory's `dataset_info.json`, without the file's name. */
  datasetInfo: Record<string, unknown>
}

const alpacaColumns = { prompt: 'instruction', query: 'input', response: 'output' }

export const layouts: Readonly<Record<ExportFormat, Layout>> = {
  alpaca: {
    file: 'alpaca.json',
    shape: 'array',
    write: ({ instruction, input, output }) => ({ instruction, input, output }),
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
  jsonl: {
    file: 'rows.jsonl',
    shape: 'lines',
    write: (row) => row,
    datasetInfo: { columns: alpacaColumns },
  },
}

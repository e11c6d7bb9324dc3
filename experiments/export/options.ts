import { Option } from 'commander'

/** The formats that rows can be exported in. */
export const exportFormats = ['alpaca', 'openai', 'sharegpt', 'prompt-completion', 'parquet', 'jsonl'] as const
export type ExportFormat = (typeof exportFormats)[number]

export const provenanceOption = () =>
  new Option('--provenance', 'say of each row in columns of its own where it comes from').default(false)

/** The formats that rows can be exported in. */
export const exportFormats = ['alpaca', 'openai', 'sharegpt', 'prompt-completion', 'parquet', 'jsonl'] as const
export type ExportFormat = (typeof exportFormats)[number]

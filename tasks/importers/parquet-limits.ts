/** What reading one Parquet file may take: a few hundred bytes of it can stand for 2^40 rows, or for a text of 1 MB repeated a million times. */
export type ParquetLimits = {
  /** Memory that its process grows by. */
  maxBytes: number
  /** Processor time between two batches of rows: that of decoding one row group. */
  maxCpuMs: number
  maxRows: number
  /** Characters of all values together. */
  maxChars: number
}

const mebibyte = 1024 ** 2

/** Real files unpack to 2 to 20 times their size; hardly any has less than a bit for a row. */
export const parquetLimits = (fileBytes: number): ParquetLimits => ({
  maxBytes: 1024 * mebibyte + 16 * fileBytes,
  maxCpuMs: 10_000 + Math.ceil(fileBytes / 1000),
  maxRows: 10_000 + 8 * fileBytes,
  maxChars: 256 * mebibyte + 100 * fileBytes,
})

import * as json from '../../../schemas/bounded-json.ts'

/** What a body of an endpoint holds, with or without a byte-order mark; null where it is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return json.parseJson(text.replace(/^\uFEFF/, ''))
  } catch {
    return null
  }
}

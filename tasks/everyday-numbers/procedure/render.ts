import { setOut } from './lists.ts'
import type { SlotValue } from './skill.ts'

const SLOT = /\{(\w+)(?::(\w+))?\}/g

/**
 * Fills a sentence frame.
 * @throws throws when the frame names a slot or list style that does not exist, or a list without a style
 */
export function render(frame: string, slots: Readonly<Record<string, SlotValue>>): string {
  const text = frame.replace(SLOT, (whole, name: string, style: string | undefined) => {
    const value = slots[name]
    if (value === undefined || (typeof value === 'string') !== (style === undefined)) {
      throw new Error(`no value for slot ${whole} in frame "${frame}"`)
    }
    return typeof value === 'string' ? value : setOut(value, style!)
  })
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** A frame without its slots, in lower case: two banks may not share one. */
export function bareFrame(frame: string): string {
  return frame.replace(SLOT, '_').toLowerCase().replace(/\s+/g, ' ').trim()
}

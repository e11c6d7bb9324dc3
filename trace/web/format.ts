import type { Description } from '../../schemas/describe.ts'
import { percent } from '../../schemas/number-text.ts'
import { capital } from '../../schemas/text.ts'

/** 0.4167 -> "41.7 %", which no line ends in. */
export const percentText = (share: number | null) => percent(share).replace(' ', '\u202f')

/** Milliseconds as "4:07" or "1:04:07". */
export function clockDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const two = (number: number) => String(number).padStart(2, '0')
  const hours = Math.floor(seconds / 3600)
  const rest = `${two(seconds % 60)}`
  return hours > 0 ? `${hours}:${two(Math.floor(seconds / 60) % 60)}:${rest}` : `${Math.floor(seconds / 60)}:${rest}`
}

/** Bytes as "812 B", "31.0 kB" or "1.2 MB". */
export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  return bytes < 1e6 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`
}

/** "trainer-bridge" -> "Trainer bridge". */
export const words = (name: string) => capital(name).replaceAll('-', ' ')

const day = { year: 'numeric', month: 'short', day: 'numeric' } as const
const time = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23', timeZoneName: 'short' } as const
const local = new Intl.DateTimeFormat(undefined, { ...day, ...time })

/** The local day and time with its zone: "1 Dec 2026, 09:31:02 GMT+1". */
export const localTime = (at: string | number) => local.format(new Date(at))

/** A description where there is room for one line. */
export const brief = ({ title, text }: Description) => `${title}${text && `: ${text.split('\n')[0]}`}`

/** A place of a run that an address may name, behind its `#`: kept on reload, and to be copied. */
export type PagePlace =
  | { kind: 'message'; seq: number }
  | { kind: 'attempt'; number: number }
  | { kind: 'row'; id: string }

/** What a fragment names; null for one that names no place, as those of the page's cards. */
export function placeIn(fragment: string): PagePlace | null {
  const [, kind, value = ''] = /^#?(message|attempt|row)=(.{1,200})$/.exec(decoded(fragment)) ?? []
  const number = /^\d{1,15}$/.test(value) ? Number(value) : null
  if (kind === 'message') return number === null ? null : { kind, seq: number }
  if (kind === 'attempt') return number === null ? null : { kind, number }
  return kind === 'row' ? { kind, id: value } : null
}

export function fragmentOf(place: PagePlace): string {
  switch (place.kind) {
    case 'message':
      return `#message=${place.seq}`
    case 'attempt':
      return `#attempt=${place.number}`
    case 'row':
      return `#row=${encodeURIComponent(place.id)}`
    default:
      return place satisfies never
  }
}

/** The address of a place on the page that is shown. The token is in it: without one nobody is let in. */
export const addressOf = (place: PagePlace): string => `${location.href.split('#')[0]}${fragmentOf(place)}`

/** Puts a place, or none, into the address; no step for the browser's Back button. */
export function showPlace(place: PagePlace | null): void {
  const { pathname, search } = location
  history.replaceState(null, '', `${pathname}${search}${place ? fragmentOf(place) : ''}`)
}

function decoded(fragment: string): string {
  try {
    return decodeURIComponent(fragment)
  } catch {
    return ''
  }
}

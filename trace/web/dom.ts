export type Child = Node | string | number | null | undefined | false | readonly Child[]

/** Children in one list, without those that are none. */
export const nodesOf = (children: readonly Child[]): (Node | string)[] =>
  children.flatMap((child) => {
    if (Array.isArray(child)) return nodesOf(child)
    return child === null || child === undefined || child === false
      ? []
      : [child instanceof Node ? child : String(child)]
  })

/** An HTML element with properties, `on…` handlers, `data-`/`aria-` attributes and children. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  // biome-ignore lint/suspicious/noExplicitAny: a handler takes the event of its own name.
  properties: Readonly<Record<string, string | number | boolean | null | undefined | ((event: any) => unknown)>> = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag)
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue
    if (typeof value === 'function') element.addEventListener(key.slice(2), value)
    else if (key in element && !key.includes('-')) Object.assign(element, { [key]: value })
    else element.setAttribute(key, String(value))
  }
  element.append(...nodesOf(children))
  return element
}

/** An SVG element with attributes and children. */
export function s<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string | number | null | undefined>> = {},
  ...children: Child[]
): SVGElementTagNameMap[Tag] {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag)
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null) element.setAttribute(key, String(value))
  }
  element.append(...nodesOf(children))
  return element
}

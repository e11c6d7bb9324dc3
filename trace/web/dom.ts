export type Child = Node | string | number | null | undefined | false | readonly Child[]

/** Children in one list, without those that are none. */
export const nodesOf = (children: readonly Child[]): (Node | string)[] =>
  children.flatMap((child) => {
    if (Array.isArray(child)) return nodesOf(child)
    return child === null || child === undefined || child === false
      ? []
      : [child instanceof Node ? child : String(child)]
  })

type HtmlTag = keyof HTMLElementTagNameMap
type Selector = HtmlTag | `${HtmlTag}.${string}`
type TagOf<S extends Selector> = S extends `${infer Tag extends HtmlTag}.${string}`
  ? Tag
  : S extends HtmlTag
    ? S
    : never
// biome-ignore lint/suspicious/noExplicitAny: a handler takes the event of its own name.
type Properties = Readonly<Record<string, string | number | boolean | null | undefined | ((event: any) => unknown)>>

const isChild = (value: Child | Properties): value is Child =>
  typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Node

/** An HTML element, `tag` or `tag.class`, with properties, `on…` handlers, `data-`/`aria-` attributes where it has some, and children. */
export function h<S extends Selector>(
  selector: S,
  ...[first, ...others]: readonly (Child | Properties)[]
): HTMLElementTagNameMap[TagOf<S>] {
  const [tag, ...classes] = selector.split('.')
  const element = document.createElement(tag as TagOf<S>)
  element.classList.add(...classes)
  const [properties, children] = isChild(first) ? [{}, [first, ...others]] : [first, others]
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue
    if (typeof value === 'function') element.addEventListener(key.slice(2), value)
    else if (key in element && !key.includes('-')) Object.assign(element, { [key]: value })
    else element.setAttribute(key, String(value))
  }
  element.append(...nodesOf(children as readonly Child[]))
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

import { type Child, nodesOf } from './dom.ts'

/**
 * Gives an element new children; of those that are there already as much stays as can: what is selected, focused or pointed at in them
 * stays so. Only for children without handlers of their own, since those of the old ones stay too.
 */
export function renewChildren(element: Element, ...children: Child[]): void {
  const wanted = document.createElement('div')
  wanted.append(...nodesOf(children))
  renewFrom(element, [...wanted.childNodes])
}

function renewFrom(element: Element, wanted: readonly ChildNode[]): void {
  const there = [...element.childNodes]
  for (const [index, node] of wanted.entries()) {
    const old = there[index]
    if (!old) element.append(node)
    else if (old.isEqualNode(node)) continue
    else if (old.nodeName !== node.nodeName) old.replaceWith(node)
    else if (old instanceof Element && node instanceof Element) renew(old, node)
    else old.nodeValue = node.nodeValue
  }
  for (const old of there.slice(wanted.length)) old.remove()
}

function renew(old: Element, node: Element): void {
  for (const { name } of [...old.attributes]) if (!node.hasAttribute(name)) old.removeAttribute(name)
  for (const { name, value } of node.attributes) {
    if (old.getAttribute(name) === value) continue
    // The page's policy allows no style as an attribute.
    if (name === 'style') styleOf(old).cssText = styleOf(node).cssText
    else old.setAttribute(name, value)
  }
  renewFrom(old, [...node.childNodes])
}

const styleOf = (element: Element) => (element as HTMLElement | SVGElement).style

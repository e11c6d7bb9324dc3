/**
 * Whether a pointer is over an element or pressed in it: until it leaves, nothing there may move, or a click would meet something else than
 * what it was aimed at. `onRelease` is called when it has left.
 */
export function createHold(element: HTMLElement, onRelease: () => void) {
  let over = false
  let pressed = false
  const set = (nowOver: boolean, nowPressed: boolean) => {
    const held = over || pressed
    over = nowOver
    pressed = nowPressed
    if (held && !over && !pressed) onRelease()
  }
  element.addEventListener('pointerenter', () => set(true, pressed))
  element.addEventListener('pointerleave', () => set(false, pressed))
  element.addEventListener('pointerdown', () => set(over, true))
  for (const name of ['pointerup', 'pointercancel', 'blur']) addEventListener(name, () => set(over, false))
  return { isHeld: () => over || pressed }
}

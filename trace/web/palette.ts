const names = ['text', 'quiet', 'faint', 'line', 'line-strong', 'card', 'sunken', 'accent', 'bad'] as const
const roles = ['operator', 'planner', 'generator', 'critic', 'trainer-bridge', 'evaluator', 'gateway']

export type Palette = ReturnType<typeof readPalette> & { font: string }

/** The page's colours as a canvas can use them, read anew for each theme. */
export function readPalette() {
  const probe = document.createElement('i')
  document.body.append(probe)
  const resolve = (name: string) => {
    probe.style.color = `var(--${name})`
    return getComputedStyle(probe).color
  }
  const colours = Object.fromEntries(names.map((name) => [name, resolve(name)])) as Record<
    (typeof names)[number],
    string
  >
  const role: Record<string, string> = Object.fromEntries(roles.map((name) => [name, resolve(`role-${name}`)]))
  probe.remove()
  return { ...colours, role }
}

/** Wilson's 95 % interval of a share, [low, high] in 0..1 (E. B. Wilson, JASA 1927); [0, 1] when nothing was counted. */
export function wilson({ correct, total }) {
  if (total === 0) return [0, 1]
  const z = 1.959964
  const share = correct / total
  const middle = share + (z * z) / (2 * total)
  const spread = z * Math.sqrt((share * (1 - share)) / total + (z * z) / (4 * total * total))
  const scale = 1 + (z * z) / total
  return [Math.max(0, (middle - spread) / scale), Math.min(1, (middle + spread) / scale)]
}

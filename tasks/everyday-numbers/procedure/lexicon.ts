/** The names that carry no numbers. Each phrasing bank has its own, so that held-out wording is new in its words too. */
export interface Lexicon {
  people: readonly string[]
  vendors: readonly string[]
  /** Things counted. */
  items: readonly string[]
  /** One thing with a price. */
  articles: readonly string[]
}

export const trainingLexicon: Lexicon = {
  people: ['Lena', 'Omar', 'Priya', 'Jonas', 'Mei', 'Carlos', 'Aisha', 'Tom', 'Ingrid', 'Kofi'],
  vendors: ['Northwind', 'Acme Tools', 'Blue Harbor', 'Kestrel Ltd', 'Orbit Labs', 'Delmar'],
  items: ['notebooks', 'pens', 'mugs', 'lamps', 'chairs', 'cables', 'shirts', 'tickets', 'boxes', 'books'],
  articles: ['coat', 'bicycle', 'printer', 'sofa', 'camera', 'desk', 'phone', 'kettle'],
}

export const validationLexicon: Lexicon = {
  people: ['Sofia', 'Ravi', 'Hannah', 'Yusuf', 'Elif', 'Marco'],
  vendors: ['Pinewood', 'Solis Trading', 'Gray & Sons', 'Mistral', 'Tandem'],
  items: ['plates', 'candles', 'towels', 'batteries', 'brushes', 'stickers'],
  articles: ['tent', 'guitar', 'jacket', 'monitor', 'fridge'],
}

export const testLexicon: Lexicon = {
  people: ['Nadia', 'Viktor', 'Amara', 'Felix', 'Chloe', 'Diego'],
  vendors: ['Larkspur', 'Iron Gate', 'Vega Supply', 'Holloway', 'Quill Co'],
  items: ['cushions', 'spoons', 'filters', 'posters', 'bulbs', 'jars'],
  articles: ['rug', 'violin', 'backpack', 'tablet', 'mattress'],
}

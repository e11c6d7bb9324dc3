"""Problems about percentages, worked out and verified with sympy.

Each row is solved as an equation, its solution put back into the equation, and its numbers handed to the critic, which works the answer
out once more by itself.
"""

from sympy import Eq, Rational, solve, symbols

from syllabus_agent import NoRow, RowRequest, RowText, generator

THINGS = ["coat", "lamp", "bicycle", "table", "radio", "tent", "clock", "camera"]
FRAMES = [
    "A {thing} costs {price}. In a sale it is {percent} percent cheaper. How much is saved?",
    "The price of a {thing} is {price}. A voucher takes off {percent} percent. What is the reduction?",
    "{percent} percent of the price of a {thing} is returned to members. The price is {price}. What do members get back?",
    "{person} buys a {thing} for {price} and pays {percent} percent less. How much does {person} save?",
]
PEOPLE = ["Amara", "Ben", "Chiyo", "Dmitri", "Elif", "Farid"]


def saved(price: Rational, percent: int) -> Rational:
    """What a percentage takes off a price: the solution of an equation, verified in it."""
    x = symbols("x")
    equation = Eq(x / price, Rational(percent, 100))
    (solution,) = solve(equation, x)
    if not equation.subs(x, solution):
        raise NoRow(f"{solution} does not solve {equation}")
    return solution


@generator(name="percent", version="1.0.0", sources=["procedure"])
def make(request: RowRequest) -> RowText:
    if request.skill != "percent-saved":
        raise NoRow(f'it knows the skill "percent-saved", and was asked for "{request.skill}"')
    random = request.random
    price = Rational(random.randint(10, 900))
    percent = random.choice([1, 5, 10, 15, 20, 25, 30, 50])
    answer = saved(price, percent)
    if (answer * 100).q != 1:
        raise NoRow(f"{percent} percent of {float(price):.2f} is no whole number of cents")
    shown, result = f"{float(price):.2f}", f"{float(answer):.2f}"
    words = {"thing": random.choice(THINGS), "person": random.choice(PEOPLE), "price": shown, "percent": percent}
    return RowText(
        input=random.choice(FRAMES).format(**words),
        output=f"{percent} percent of {shown} is {result}. The answer is therefore \\boxed{{{result}}}.",
        core={"percent": percent, "amount": int(price * 100)},
        core_key=f"percent-saved:amount={int(price * 100)};percent={percent}",
    )

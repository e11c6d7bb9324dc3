from sympy import Rational

from percent import make, saved
from syllabus_agent import NoRow
from syllabus_agent.testing import request_of


def test_a_solution_solves_its_equation():
    assert saved(Rational(80), 25) == 20


def test_equal_requests_give_equal_rows():
    rows = []
    for index in range(50):
        try:
            rows.append((make(request_of(index, skill="percent-saved")), make(request_of(index, skill="percent-saved"))))
        except NoRow:
            continue
    assert len(rows) > 10
    assert all(one == other for one, other in rows)
    assert len({row.input for row, _ in rows}) > 10

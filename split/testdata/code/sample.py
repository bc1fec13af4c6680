#!/usr/bin/env python3
"""A shop.

def not_here():
"""
import os

OPEN = "{["


# A basket.
# It holds items.
@dataclass(
    frozen=True,
)
class Basket(Base):
    """Holds items."""

    size: int = 0

    def __init__(self, items):
        self.items = [
            x
            for x in items
        ]

        if items:
            self.size = 1
        else:
            self.size = 0

    @property
    async def count(self) -> int:
        text = '''
def not_here():
'''
        total = 1 + \
            2

        def inner(x):
            return x
        return inner(total)


def helper(a, b=")"):
    try:
        return a
    except ValueError:
        return b

if __name__ == "__main__":
    helper(1)

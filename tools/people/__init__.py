"""Rendered people: adults who do not exist, with exact labels, and the exact answer to a face swap.

picture = render(Person.from_seed(7), random_moment(3), 256)
"""

from tools.people.labels import Label
from tools.people.moment import Moment, random_moment
from tools.people.person import Person
from tools.people.renderer import Picture, Renderer, render

__all__ = ["Label", "Moment", "Person", "Picture", "Renderer", "random_moment", "render"]

"""The ports: what the use cases need from the outside world, one file per noun, with its views.

Writing goes through a unit of work and its repositories, which return entities. Reading goes
through readers, which return views: small facts that are never changed, and never entities. Views
are frozen, except for those that every registration makes: making a frozen object takes three times
as long. A class that implements a port inherits it.
"""

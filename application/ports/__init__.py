"""The ports: what the use cases need from the world, a file a noun with its views.

Writing goes through a unit of work and its repositories, which hand out entities; reading goes
through readers, which hand out views: small facts that nobody changes, never entities. Views are
frozen, except for those of which every registration makes one: to make a frozen object takes three
times as long. Whoever implements a port inherits it.
"""

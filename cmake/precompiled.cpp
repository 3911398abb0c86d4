// Has nothing to say: the precompiled header needs a target of its own that the others can share.

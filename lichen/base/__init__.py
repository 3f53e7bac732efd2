"""Foundations: errors, checks, choice by name, configuration, seeds, extras, paths, progress."""

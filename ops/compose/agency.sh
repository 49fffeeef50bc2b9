#!/bin/sh
# The agency's own database, with a role for its gateway that can only read.
set -eu
psql -v ON_ERROR_STOP=1 -U gateway -d gateway -c 'CREATE DATABASE agency' -c 'CREATE ROLE reader LOGIN'
psql -v ON_ERROR_STOP=1 -U gateway -d agency -f /usr/share/agency/schema.sql \
  -c 'GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader'

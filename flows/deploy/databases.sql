-- Prefect keeps its runs beside our database, not in it; its searches need pg_trgm.
CREATE DATABASE prefect OWNER editron;
\connect prefect
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- What appenv needs in PostgreSQL to plan: it reads, and writes nothing. Run it as a superuser in the database of
-- the registry, once that is founded, then set a password: \password appenv_plan
--
-- Catalogs are open to every login. Extensions are read inside an instance's database, which is closed to this
-- login; a plan keeps what the state says of them.

CREATE ROLE appenv_plan LOGIN;
GRANT USAGE ON SCHEMA appenv TO appenv_plan;
GRANT SELECT ON appenv.registry, appenv.instances TO appenv_plan;

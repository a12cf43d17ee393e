-- What appenv needs in PostgreSQL to plan: it reads, and writes nothing. Run it as a superuser in the database
-- "postgres", which has the registry, once that is founded, then set a password: \password "appenv_plan"
--
-- Catalogs are open to every login. Extensions are read inside an instance's database, which is closed to this
-- login; a plan keeps what the state says of them.
--
-- A plan opens the ephemeral resource appenv_database_credentials where the instance is there already. Leased from Vault
-- it takes no more here. Without Vault it is a role that is made: plan with the login that applies.
--
-- The registry is believed by its owner: a superuser, the owner of its database, or a role that has CREATEROLE and
-- CREATEDB, as "appenv_apply" does. One that lost them is refused; give the schema and its tables to another.

-- A registry of an earlier release has no appenv.floors. The first apply makes it, and lets in whoever reads
-- appenv.instances: make this login after that.

CREATE ROLE "appenv_plan" LOGIN;
GRANT USAGE ON SCHEMA appenv TO "appenv_plan";
GRANT SELECT ON appenv.registry TO "appenv_plan";
GRANT SELECT ON appenv.instances TO "appenv_plan";
GRANT SELECT ON appenv.floors TO "appenv_plan";

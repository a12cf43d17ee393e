DO $appenv$
BEGIN
  IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = '{{name}}') THEN
    ALTER ROLE "{{name}}" NOLOGIN;
  END IF;
END
$appenv$;
COMMIT AND CHAIN;
DO $appenv$
DECLARE
  quiet integer := 0;
BEGIN
  IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = '{{name}}') THEN
    FOR look IN 1..100 LOOP
      PERFORM pg_catalog.pg_stat_clear_snapshot();
      PERFORM pg_catalog.pg_terminate_backend(pid)
        FROM pg_catalog.pg_stat_activity WHERE usename = '{{name}}';
      quiet := CASE WHEN FOUND THEN 0 ELSE quiet + 1 END;
      EXIT WHEN quiet = 2;
      PERFORM pg_catalog.pg_sleep(0.05);
    END LOOP;
    IF quiet < 2 THEN
      RAISE EXCEPTION 'sessions of "{{name}}" do not end' USING ERRCODE = 'object_in_use';
    END IF;
    BEGIN
      DROP ROLE "{{name}}";
    EXCEPTION WHEN dependent_objects_still_exist THEN
      IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'erp_sandbox_role') THEN
        REVOKE "erp_sandbox_role" FROM "{{name}}";
        GRANT "{{name}}" TO "erp_sandbox_role" WITH ADMIN OPTION;
      END IF;
    END;
  END IF;
END
$appenv$;

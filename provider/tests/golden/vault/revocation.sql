DO $appenv$
BEGIN
  IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = '{{name}}') THEN
    ALTER ROLE "{{name}}" NOLOGIN;
    PERFORM pg_catalog.pg_terminate_backend(pid, 5000)
      FROM pg_catalog.pg_stat_activity WHERE usename = '{{name}}';
    BEGIN
      DROP ROLE "{{name}}";
    EXCEPTION WHEN dependent_objects_still_exist THEN
      NULL;
    END;
  END IF;
END
$appenv$;

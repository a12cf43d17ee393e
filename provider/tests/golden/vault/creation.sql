CREATE ROLE "{{name}}" LOGIN INHERIT PASSWORD '{{password}}' VALID UNTIL '{{expiration}}' IN ROLE "erp_sandbox_role";
ALTER ROLE "{{name}}" IN DATABASE "erp-sandbox" SET role TO "erp_sandbox_role";

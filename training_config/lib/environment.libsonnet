// Environment variables with defaults.
local environment = std.parseJson(std.extVar('locate_label_environment'));
{
  text(name, default):: std.get(environment, name, default),
  number(name, default)::
    if std.objectHas(environment, name) then std.parseJson(environment[name]) else default,
}

// Environment variables with defaults. What a variable may not be is an error that names it and
// says what is allowed.
local environment = std.parseJson(std.extVar('locate_label_environment'));
local is_set(name) = std.objectHas(environment, name);
local text(name) = environment[name].text;
// What it is as JSON, such as a number; null where it is none.
local value(name) = std.get(environment[name], 'value', null);
local refused(name, allowed) =
  error "%s is '%s'; allowed is %s" % [name, text(name), allowed];
local checked(name, default, allowed, holds) =
  if !is_set(name) then default
  else if holds(value(name)) then value(name)
  else refused(name, allowed);
local is_whole(given) = std.isNumber(given) && given == std.floor(given);
local split(name) =
  [std.stripChars(part, ' ') for part in std.split(text(name), ',') if std.stripChars(part, ' ') != ''];

{
  text(name, default):: if is_set(name) then text(name) else default,

  // null where the variable is empty.
  unless_empty(name, otherwise):: if is_set(name) && text(name) == '' then null else otherwise,

  choice(name, default, allowed)::
    if !is_set(name) || std.member(allowed, text(name)) then self.text(name, default)
    else refused(name, 'one of ' + std.join(', ', allowed)),

  flag(name, default):: checked(name, default, 'true or false', std.isBoolean),

  // `step`: what it has to be a multiple of; `word`: what it may be instead of a number.
  whole(name, default, minimum=1, step=1, word='')::
    local numbers = if step == 1 then 'a whole number from %d' % minimum else 'a multiple of %d' % step;
    if word != '' && self.text(name, '') == word then word
    else checked(
      name,
      default,
      if word == '' then numbers else numbers + ', or ' + word,
      function(given) is_whole(given) && given >= minimum && is_whole(given / step)
    ),

  positive(name, default)::
    checked(
      name,
      default,
      'a number above 0, such as 0.001 or 3e-5',
      function(given) std.isNumber(given) && given > 0
    ),

  // A share of the whole, without the whole.
  rate(name, default)::
    checked(
      name,
      default,
      'a number from 0 to less than 1',
      function(given) std.isNumber(given) && given >= 0 && given < 1
    ),

  // One path, or a list of several; null where the variable is empty. There is none by default if
  // `default` is null, unless it is `required`.
  paths(name, default, required=false)::
    local allowed = 'the path of a corpus, or several with commas between them or as a JSON list';
    if required && (if is_set(name) then split(name) == [] else default == null)
    then error '%s is not set; allowed is %s' % [name, allowed]
    else if !is_set(name) then default
    else
      local given = if std.isArray(value(name)) then value(name) else split(name);
      if !std.all(std.map(std.isString, given))
      then refused(name, allowed)
      else if given == [] then null
      else if std.length(given) == 1 then given[0]
      else given,

  // Numbers with commas between them; an empty list where there are none.
  devices(name)::
    if !is_set(name) then []
    else if std.all([
      std.length(part) <= 3 && std.all([std.member('0123456789', digit) for digit in std.stringChars(part)])
      || part == '-1'
      for part in split(name)
    ]) then std.map(std.parseInt, split(name))
    else refused(name, 'numbers of devices with commas between them, such as 0,1; -1 is the CPU'),

  // What chooses thresholds when a training ends; null where nothing does.
  tuning::
    local objective = self.choice('TUNE', '0', ['0', '1', 'micro', 'macro']);
    if objective == '0' then null
    else if std.length(self.devices('GPUS')) > 1
    then refused('TUNE', '0 with several GPUS; `allennlp tune-thresholds` does it afterwards')
    else { type: 'tune_thresholds', objective: if objective == '1' then 'micro' else objective },

  // A registered name, or an object with one as `type`.
  component(name, default)::
    if !is_set(name) then default
    else if std.isObject(value(name)) then value(name)
    else if value(name) == null && std.length(std.findSubstr('{', text(name))) == 0 && text(name) != ''
    then text(name)
    else refused(name, "a name, or JSON such as {\"type\": \"brat\", \"splitting\": {\"language\": \"ru\"}}"),

  // The config in the archive that the variable FROM names.
  archive::
    local config = std.parseJson(std.extVar('locate_label_archive'));
    local allowed = 'an archive of allennlp train, such as output/custom/model.tar.gz';
    if config != null then config
    else if is_set('FROM') then refused('FROM', allowed)
    else error 'FROM is not set; allowed is ' + allowed,
}

# id: sub-values-begin
# title: every form of --begin
# group: small
# tier: 2
# tags: sbatch, errors

s() { t sbatch -H "$@" --wrap true; }

for x in 3pm 3:15pm 15:30 15:30:20 now now+10 now+10minutes now+1hour now+2days now+1week now+5x now-5 now-1hour now+ 'now + 1hour' 'now +1hour' 'now+ 1hour' today tomorrow midnight noon fika teatime elevenses \
 2030-01-01 2030-01-01T10:00 2030-01-01T10:00:30 2030-1-1 2030-13-01 2030-02-30 01/02/30 010230 01.02.30 1.2.30 1/2/30 1/2/2030 '01/02/30-10:00' '2030-01-01 10:00' \
 25:00 12:60 12:00:61 12am 12pm 0am 13pm 3p 3am 3.5 3 '' x 1900000000 uts1900000000 uts10 2020-01-01 1999-01-01T00:00 friday 'noon tomorrow' 'tomorrow noon' '10:00 tomorrow' tomorrowT10:00 12:00T 2030-01-01T 2030-01-01T10 12/31 1231 06/15 june 'NOW' Noon now+1sec now+1second now+2seconds now+1min now+1mins now+60m now+1h now+1s now+1d now+1w now+1month now+1year \
 now+99999999999 2040-01-01 10:00AM 10:00:00pm 00:00 24:00 +5 now+1:00 '10:00 2030-01-01' 10:00-2030 2030-01-01T10:00:30Z '2030-01-01T10:00:30+01:00' 2030-01-01-10:00 2030-01; do
s -b "$x"
done
